"""The service layer: event in, facts gathered, pure decision, commands out. It owns the timers."""
