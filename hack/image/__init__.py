"""The operator's image: `python -m hack.image` builds it with whatever builds images on this machine.

* `wheelhouse`: fetches and makes the wheels, outside the build, by the hashes of the lock file.
* `install`: runs inside the build and puts the wheels into a virtual environment.
* `engines`: docker, podman, buildah; `base`: a base image for where no registry can be reached.
* `keeping`: what takes long to make is made once.
* `file_system`: what a container of the image would see, as a folder, for runs that measure.
* `archive`: reads sizes from what was built.
"""
