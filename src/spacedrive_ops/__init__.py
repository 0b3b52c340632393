"""The file jobs. A name is loaded when it is first asked for, so that a child process which needs one module of ours
does not load them all; `spacedrive_ops.jobs` loads and registers every job.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from spacedrive_ops.backup.files import BackupFilesJob as BackupFilesJob
    from spacedrive_ops.backup.files import FilesOutput as FilesOutput
    from spacedrive_ops.backup.format import BackupUnusable as BackupUnusable
    from spacedrive_ops.backup.job import BackupJob as BackupJob
    from spacedrive_ops.backup.job import BackupOutput as BackupOutput
    from spacedrive_ops.backup.planning import BackupPlanJob as BackupPlanJob
    from spacedrive_ops.backup.restore import RestoreJob as RestoreJob
    from spacedrive_ops.backup.restore import RestoreOutput as RestoreOutput
    from spacedrive_ops.backup.verify import BackupVerifyJob as BackupVerifyJob
    from spacedrive_ops.backup.verify import BackupVerifyOutput as BackupVerifyOutput
    from spacedrive_ops.cleanup.job import CleanupJob as CleanupJob
    from spacedrive_ops.cleanup.job import CleanupOutput as CleanupOutput
    from spacedrive_ops.duplicates.deduplicate import DeduplicateJob as DeduplicateJob
    from spacedrive_ops.duplicates.deduplicate import DeduplicateOutput as DeduplicateOutput
    from spacedrive_ops.duplicates.deduplicate import DeduplicateState as DeduplicateState
    from spacedrive_ops.duplicates.job import DuplicatesJob as DuplicatesJob
    from spacedrive_ops.duplicates.job import DuplicatesOutput as DuplicatesOutput
    from spacedrive_ops.duplicates.job import DuplicatesState as DuplicatesState
    from spacedrive_ops.duplicates.plan import Pair as Pair
    from spacedrive_ops.duplicates.plan import plan_deduplication as plan_deduplication
    from spacedrive_ops.duplicates.rules import ACTIONS as ACTIONS
    from spacedrive_ops.duplicates.rules import KEEPS as KEEPS
    from spacedrive_ops.duplicates.rules import Action as Action
    from spacedrive_ops.duplicates.rules import Keep as Keep
    from spacedrive_ops.duplicates.rules import Rule as Rule
    from spacedrive_ops.extras import MissingExtra as MissingExtra
    from spacedrive_ops.file_copy.errors import CopyRefused as CopyRefused
    from spacedrive_ops.file_copy.errors import NotEnoughSpace as NotEnoughSpace
    from spacedrive_ops.file_copy.job import FileCopyJob as FileCopyJob
    from spacedrive_ops.file_copy.job import FileCopyOutput as FileCopyOutput
    from spacedrive_ops.file_copy.job import FileMoveJob as FileMoveJob
    from spacedrive_ops.file_copy.job import FileMoveOutput as FileMoveOutput
    from spacedrive_ops.file_copy.model import CopyState as CopyState
    from spacedrive_ops.file_copy.model import OnConflict as OnConflict
    from spacedrive_ops.file_copy.planning import CopyPlanJob as CopyPlanJob
    from spacedrive_ops.file_delete.errors import DeleteRefused as DeleteRefused
    from spacedrive_ops.file_delete.job import DeleteJob as DeleteJob
    from spacedrive_ops.file_delete.job import DeleteOutput as DeleteOutput
    from spacedrive_ops.file_delete.planning import DeletePlanJob as DeletePlanJob
    from spacedrive_ops.hashing.check import HashCheckJob as HashCheckJob
    from spacedrive_ops.hashing.check import HashCheckOutput as HashCheckOutput
    from spacedrive_ops.hashing.job import HashJob as HashJob
    from spacedrive_ops.hashing.job import HashOutput as HashOutput
    from spacedrive_ops.indexer.job import IndexerJob as IndexerJob
    from spacedrive_ops.indexer.model import IndexMode as IndexMode
    from spacedrive_ops.indexer.model import IndexOutput as IndexOutput
    from spacedrive_ops.indexer.model import IndexScope as IndexScope
    from spacedrive_ops.indexer.model import IndexState as IndexState
    from spacedrive_ops.indexer.verify import IndexVerifyJob as IndexVerifyJob
    from spacedrive_ops.indexer.verify import IndexVerifyOutput as IndexVerifyOutput
    from spacedrive_ops.indexer.watching import keep_indexed as keep_indexed
    from spacedrive_ops.library_index.categories import Category as Category
    from spacedrive_ops.library_index.categories import EntryKind as EntryKind
    from spacedrive_ops.library_index.copies import Copy as Copy
    from spacedrive_ops.library_index.index import LibraryIndex as LibraryIndex
    from spacedrive_ops.library_index.media import Exposure as Exposure
    from spacedrive_ops.library_index.media import MediaFacts as MediaFacts
    from spacedrive_ops.library_index.media import Place as Place
    from spacedrive_ops.library_index.model import DuplicateGroup as DuplicateGroup
    from spacedrive_ops.library_index.model import IndexedEntry as IndexedEntry
    from spacedrive_ops.library_index.model import Location as Location
    from spacedrive_ops.library_index.schema import IndexTooNew as IndexTooNew
    from spacedrive_ops.media.run import MediaState as MediaState
    from spacedrive_ops.media.run import Redo as Redo
    from spacedrive_ops.media_facts.job import MediaMetadataJob as MediaMetadataJob
    from spacedrive_ops.media_facts.job import MediaMetadataOutput as MediaMetadataOutput
    from spacedrive_ops.media_facts.look import facts_below as facts_below
    from spacedrive_ops.object_store.errors import StoreUnreachable as StoreUnreachable
    from spacedrive_ops.object_store.errors import TransferRefused as TransferRefused
    from spacedrive_ops.object_store.job import DownloadJob as DownloadJob
    from spacedrive_ops.object_store.job import UploadJob as UploadJob
    from spacedrive_ops.object_store.model import TransferOutput as TransferOutput
    from spacedrive_ops.object_store.planning import UploadPlanJob as UploadPlanJob
    from spacedrive_ops.paths.finding import PathNotHere as PathNotHere
    from spacedrive_ops.paths.finding import find_path as find_path
    from spacedrive_ops.paths.finding import name_path as name_path
    from spacedrive_ops.paths.sd_path import SdPath as SdPath
    from spacedrive_ops.paths.sd_path import UnsafePath as UnsafePath
    from spacedrive_ops.planning.model import PlanOutput as PlanOutput
    from spacedrive_ops.thumbnails.job import ThumbnailJob as ThumbnailJob
    from spacedrive_ops.thumbnails.job import ThumbnailOutput as ThumbnailOutput
    from spacedrive_ops.thumbnails.job import ThumbnailState as ThumbnailState
    from spacedrive_ops.thumbnails.places import thumbnail_path as thumbnail_path
    from spacedrive_ops.transcode.errors import TranscodeFailed as TranscodeFailed
    from spacedrive_ops.transcode.errors import TranscodeRefused as TranscodeRefused
    from spacedrive_ops.transcode.job import TranscodeJob as TranscodeJob
    from spacedrive_ops.transcode.job import TranscodeOutput as TranscodeOutput
    from spacedrive_ops.transcode.job import TranscodeProgress as TranscodeProgress
    from spacedrive_ops.transcode.presets import PRESETS as PRESETS
    from spacedrive_ops.transcode.presets import PresetName as PresetName
    from spacedrive_ops.validate.job import ValidateJob as ValidateJob
    from spacedrive_ops.validate.job import ValidateOutput as ValidateOutput
    from spacedrive_ops.validate.job import ValidateState as ValidateState

_MODULES: Final = {
    "BackupJob": "backup.job",
    "BackupOutput": "backup.job",
    "DuplicatesJob": "duplicates.job",
    "DuplicatesOutput": "duplicates.job",
    "DuplicatesState": "duplicates.job",
    "MissingExtra": "extras",
    "CopyRefused": "file_copy.errors",
    "NotEnoughSpace": "file_copy.errors",
    "FileCopyJob": "file_copy.job",
    "FileCopyOutput": "file_copy.job",
    "FileMoveJob": "file_copy.job",
    "FileMoveOutput": "file_copy.job",
    "CopyState": "file_copy.model",
    "OnConflict": "file_copy.model",
    "DeleteRefused": "file_delete.errors",
    "DeleteJob": "file_delete.job",
    "DeleteOutput": "file_delete.job",
    "IndexerJob": "indexer.job",
    "IndexMode": "indexer.model",
    "IndexOutput": "indexer.model",
    "IndexScope": "indexer.model",
    "IndexState": "indexer.model",
    "keep_indexed": "indexer.watching",
    "IndexVerifyJob": "indexer.verify",
    "IndexVerifyOutput": "indexer.verify",
    "Category": "library_index.categories",
    "EntryKind": "library_index.categories",
    "LibraryIndex": "library_index.index",
    "Exposure": "library_index.media",
    "MediaFacts": "library_index.media",
    "Place": "library_index.media",
    "DuplicateGroup": "library_index.model",
    "IndexedEntry": "library_index.model",
    "Location": "library_index.model",
    "IndexTooNew": "library_index.schema",
    "MediaState": "media.run",
    "Redo": "media.run",
    "MediaMetadataJob": "media_facts.job",
    "MediaMetadataOutput": "media_facts.job",
    "facts_below": "media_facts.look",
    "StoreUnreachable": "object_store.errors",
    "TransferRefused": "object_store.errors",
    "DownloadJob": "object_store.job",
    "UploadJob": "object_store.job",
    "TransferOutput": "object_store.model",
    "ThumbnailJob": "thumbnails.job",
    "ThumbnailOutput": "thumbnails.job",
    "ThumbnailState": "thumbnails.job",
    "thumbnail_path": "thumbnails.places",
    "TranscodeFailed": "transcode.errors",
    "TranscodeRefused": "transcode.errors",
    "TranscodeJob": "transcode.job",
    "TranscodeOutput": "transcode.job",
    "TranscodeProgress": "transcode.job",
    "PRESETS": "transcode.presets",
    "PresetName": "transcode.presets",
    "ValidateJob": "validate.job",
    "ValidateOutput": "validate.job",
    "ValidateState": "validate.job",
    "DeduplicateJob": "duplicates.deduplicate",
    "DeduplicateOutput": "duplicates.deduplicate",
    "DeduplicateState": "duplicates.deduplicate",
    "Pair": "duplicates.plan",
    "plan_deduplication": "duplicates.plan",
    "ACTIONS": "duplicates.rules",
    "KEEPS": "duplicates.rules",
    "Action": "duplicates.rules",
    "Keep": "duplicates.rules",
    "Rule": "duplicates.rules",
    "HashCheckJob": "hashing.check",
    "HashCheckOutput": "hashing.check",
    "HashJob": "hashing.job",
    "HashOutput": "hashing.job",
    "Copy": "library_index.copies",
    "BackupFilesJob": "backup.files",
    "FilesOutput": "backup.files",
    "BackupUnusable": "backup.format",
    "BackupPlanJob": "backup.planning",
    "RestoreJob": "backup.restore",
    "RestoreOutput": "backup.restore",
    "BackupVerifyJob": "backup.verify",
    "BackupVerifyOutput": "backup.verify",
    "CleanupJob": "cleanup.job",
    "CleanupOutput": "cleanup.job",
    "CopyPlanJob": "file_copy.planning",
    "DeletePlanJob": "file_delete.planning",
    "UploadPlanJob": "object_store.planning",
    "PathNotHere": "paths.finding",
    "find_path": "paths.finding",
    "name_path": "paths.finding",
    "SdPath": "paths.sd_path",
    "UnsafePath": "paths.sd_path",
    "PlanOutput": "planning.model",
}
"""Where each name is. A test holds this against the imports above."""

__all__ = list(_MODULES)  # pyright: ignore[reportUnsupportedDunderAll]  # the names are those of the imports above


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
