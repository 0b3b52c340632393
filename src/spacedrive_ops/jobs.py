"""Every file job: importing this registers them. Installed packages are asked for it by their entry point."""

from spacedrive_ops.backup.files import BackupFilesJob
from spacedrive_ops.backup.job import BackupJob
from spacedrive_ops.backup.planning import BackupPlanJob
from spacedrive_ops.backup.restore import RestoreJob
from spacedrive_ops.backup.verify import BackupVerifyJob
from spacedrive_ops.cleanup.job import CleanupJob
from spacedrive_ops.duplicates.deduplicate import DeduplicateJob
from spacedrive_ops.duplicates.job import DuplicatesJob
from spacedrive_ops.file_copy.job import FileCopyJob, FileMoveJob
from spacedrive_ops.file_copy.planning import CopyPlanJob
from spacedrive_ops.file_delete.job import DeleteJob
from spacedrive_ops.file_delete.planning import DeletePlanJob
from spacedrive_ops.hashing.check import HashCheckJob
from spacedrive_ops.hashing.job import HashJob
from spacedrive_ops.indexer.job import IndexerJob
from spacedrive_ops.indexer.verify import IndexVerifyJob
from spacedrive_ops.media_facts.job import MediaMetadataJob
from spacedrive_ops.object_store.job import DownloadJob, UploadJob
from spacedrive_ops.object_store.planning import UploadPlanJob
from spacedrive_ops.thumbnails.job import ThumbnailJob
from spacedrive_ops.transcode.job import TranscodeJob
from spacedrive_ops.validate.job import ValidateJob

__all__ = [
    "BackupFilesJob",
    "BackupJob",
    "BackupPlanJob",
    "BackupVerifyJob",
    "CleanupJob",
    "CopyPlanJob",
    "DeduplicateJob",
    "DuplicatesJob",
    "FileCopyJob",
    "FileMoveJob",
    "DeleteJob",
    "DeletePlanJob",
    "HashCheckJob",
    "HashJob",
    "IndexerJob",
    "IndexVerifyJob",
    "MediaMetadataJob",
    "DownloadJob",
    "UploadJob",
    "UploadPlanJob",
    "RestoreJob",
    "ThumbnailJob",
    "TranscodeJob",
    "ValidateJob",
]
