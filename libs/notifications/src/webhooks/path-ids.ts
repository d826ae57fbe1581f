import { NIL } from 'uuid';
import { z } from 'zod';

/** Any other text becomes the nil UUID, which no row has: the response is 404, not 400. */
const PathUuid = z.string().transform((id) => (z.guid().safeParse(id).success ? id.toLowerCase() : NIL));

export const WebhookPath = z.object({ id: PathUuid });
export const DeliveryPath = z.object({ id: PathUuid, deliveryId: PathUuid });
