SELECT kind, reason FROM paused_kinds
