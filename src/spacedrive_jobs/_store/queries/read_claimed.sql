-- A running job under its claim, for decisions made inside the transaction.
SELECT request, reason, resumable, errors, crashes FROM jobs
WHERE id = ? AND status = 'running' AND attempt = ? AND runner = ?
