"""What leaves a run: outcomes, the verdict, and the files of the bundle."""
