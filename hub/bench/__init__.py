"""What the hub is measured by: `hub bench`, each figure beside a yardstick taken in the same run."""
