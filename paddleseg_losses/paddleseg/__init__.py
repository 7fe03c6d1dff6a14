"""Other programs: PaddleSeg, its data and its pictures. Nothing here is imported by the losses."""
