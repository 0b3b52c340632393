"""The file jobs. Importing this registers them."""

from spacedrive_ops.file_copy.errors import CopyRefused as CopyRefused
from spacedrive_ops.file_copy.errors import NotEnoughSpace as NotEnoughSpace
from spacedrive_ops.file_copy.job import FileCopyJob as FileCopyJob
from spacedrive_ops.file_copy.job import FileCopyOutput as FileCopyOutput
from spacedrive_ops.file_copy.job import FileMoveJob as FileMoveJob
from spacedrive_ops.file_copy.job import FileMoveOutput as FileMoveOutput
from spacedrive_ops.file_copy.model import CopyState as CopyState
from spacedrive_ops.file_copy.model import OnConflict as OnConflict
from spacedrive_ops.file_delete.errors import DeleteRefused as DeleteRefused
from spacedrive_ops.file_delete.job import DeleteJob as DeleteJob
from spacedrive_ops.file_delete.job import DeleteOutput as DeleteOutput
from spacedrive_ops.indexer.job import IndexerJob as IndexerJob
from spacedrive_ops.indexer.model import IndexMode as IndexMode
from spacedrive_ops.indexer.model import IndexOutput as IndexOutput
from spacedrive_ops.indexer.model import IndexScope as IndexScope
from spacedrive_ops.indexer.model import IndexState as IndexState
from spacedrive_ops.object_store.errors import TransferRefused as TransferRefused
from spacedrive_ops.object_store.job import DownloadJob as DownloadJob
from spacedrive_ops.object_store.job import UploadJob as UploadJob
from spacedrive_ops.object_store.model import TransferOutput as TransferOutput
from spacedrive_ops.transcode.errors import TranscodeFailed as TranscodeFailed
from spacedrive_ops.transcode.errors import TranscodeRefused as TranscodeRefused
from spacedrive_ops.transcode.job import TranscodeJob as TranscodeJob
from spacedrive_ops.transcode.job import TranscodeOutput as TranscodeOutput
from spacedrive_ops.transcode.job import TranscodeProgress as TranscodeProgress
from spacedrive_ops.transcode.presets import PresetName as PresetName
