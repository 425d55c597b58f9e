"""Cited question answering over your own files, on your own machine."""
