UPDATE ix_plan SET state = ? WHERE job = ? AND number = ?
