"""Imports: past captures become calls by the same meters, prices and store as live traffic."""
