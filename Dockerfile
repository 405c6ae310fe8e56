FROM python:3.13-slim

# libgl1 and libglib2.0-0: OpenCV; make: the Makefile's targets.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgl1 libglib2.0-0 make \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home user

USER user
WORKDIR /home/user/seg_keras
COPY --chown=user requirements.txt pyproject.toml Makefile README.md ./
RUN python -m venv .venv && .venv/bin/pip install --no-cache-dir -r requirements.txt
COPY --chown=user . .
RUN make .venv/setup

CMD ["make", "demo"]
