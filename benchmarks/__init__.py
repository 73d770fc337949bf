"""What nurture costs, one command each: `make benchmarks`, or `make benchmarks ONLY=startup`."""
