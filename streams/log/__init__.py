"""The log: one seam (base.py), two drivers. Private names of Faust and aiokafka are used only below here."""
