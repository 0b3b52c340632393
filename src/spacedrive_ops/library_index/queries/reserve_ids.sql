UPDATE ix_sequence SET next = next + 4294967296 RETURNING next - 4294967296
