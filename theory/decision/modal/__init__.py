"""Agents that decide by what is provable: fixpoints of provability logic, exactly."""
