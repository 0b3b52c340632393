"""What this machine has and which conditions hold on it: `SystemProbe`, and `ManualProbe` for tests."""
