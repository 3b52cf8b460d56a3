"""Judgement: pure functions on plain values; no clock, no dice, no disk."""
