"""Road scenes drawn from a seed, with exact labels of the eleven classes of CamVid.

A world is a street without end (`street`, `layout`, `traffic`), in some weather (`weather`, `sky`),
seen by a camera (`camera`) and painted far to near (`painter`, `canvas`), each stroke on the
picture and the label at once. `lens` adds the faults of a real dashcam. It needs no data and no
download, so it serves tests, demonstrations and first trainings; it is no substitute for photos.
"""

from seg_keras.data.roads.drive import draw_scene, drive

__all__ = ["draw_scene", "drive"]
