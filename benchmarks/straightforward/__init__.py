"""The same questions asked in the usual way; what `benchmarks.whole_audit` compares the audit with."""
