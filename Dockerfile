# One image for every process; the command selects it.
#   docker build -t oriontel .
#   node dist/apps/<app>/main.js | node dist/libs/database/migrate.main.js
FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:22-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 ADMIN_HOST=0.0.0.0
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/prisma ./prisma
COPY package.json ./
USER node
# PORT of the gateway and ADMIN_PORT of every process.
EXPOSE 3000 9464
CMD ["node", "--enable-source-maps", "dist/apps/api-gateway/main.js"]
