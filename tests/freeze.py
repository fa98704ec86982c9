"""Imported last by the process of which others are forks: what it has imported is not searched for garbage at each of their trainings."""
import gc

gc.collect()
gc.freeze()
