UPDATE schedules SET paused = ? WHERE id = ?
