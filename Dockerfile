# One image for api, worker, courier, migrate and the command line; compose picks the command.
FROM node:26.10.0-bookworm-slim

# tini as process 1 hands signals on and collects what a killed ffmpeg leaves.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates ffmpeg tini \
  && rm -rf /var/lib/apt/lists/*

WORKDIR /app
ENV NODE_ENV=production

# No install scripts: the one we allow fetches a Node binary for development, and the image has its own.
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force

COPY cmd cmd
COPY sql sql
COPY src src

# So that `docker compose exec api stepladder list` works.
RUN ln -s /app/cmd/stepladder.ts /usr/local/bin/stepladder

# A volume mounted here takes over the owner.
RUN install -d -o node -g node /scratch

USER node
ENTRYPOINT ["tini", "--"]
CMD ["node", "--max-semi-space-size=4", "cmd/api.ts"]
