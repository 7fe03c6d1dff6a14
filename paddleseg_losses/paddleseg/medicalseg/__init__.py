"""MedicalSeg, PaddleSeg's trainer for volumes: its registry is filled, and nothing of it is changed."""
