import type { HttpServer } from '@oriontel/service';
import { gatewayRoutes, type GatewayRoutes } from './gateways/gateway-routes.ts';
import { reportRoutes, type ReportRoutes } from './results/report-routes.ts';
import { statusRoutes } from './results/status-routes.ts';

export type SipGatewayRoutes = GatewayRoutes & ReportRoutes;

/** Routes for the SIP gateways of an organization, the reports on them and their status. */
export async function sipGatewayRoutes(app: HttpServer, routes: SipGatewayRoutes): Promise<void> {
  await app.register(gatewayRoutes, routes);
  await app.register(reportRoutes, routes);
  await app.register(statusRoutes, routes);
}
