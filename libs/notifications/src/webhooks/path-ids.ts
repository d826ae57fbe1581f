import { NIL } from 'uuid';
import { z } from 'zod';

/** What is no id is nobody's: it is not found, like any other that nothing has. */
const PathUuid = z.string().transform((id) => (z.guid().safeParse(id).success ? id.toLowerCase() : NIL));

export const WebhookPath = z.object({ id: PathUuid });
export const DeliveryPath = z.object({ id: PathUuid, deliveryId: PathUuid });
