export {
  createGatewayCache,
  type GatewayChanges,
  type GatewayCache,
} from './gateways/create-gateway-cache.ts';
export { monitorTaskQueue } from './monitor/monitor-task-queue.ts';
export { gateways } from './gateways/gateway.repository.ts';
export type { FoundGateway, GatewayRef } from './gateways/gateway.ts';
export { seedGateway } from './gateways/seed-gateway.ts';
export { acceptResult } from './results/accept-result.ts';
export type { GatewayEvent, WriteEvents } from './results/gateway-event.ts';
export {
  resultsIntake,
  type GatewayResult,
  type Measurement,
  type ResultStatus,
} from './results/gateway-result.ts';
