export { Call, CallStatus } from './calls/call.ts';
export { closeCalls } from './calls/close-calls.ts';
export { NewCall } from './calls/create-call.ts';
export type { FinishedLeg } from './calls/finished-leg.ts';
export { CallUpdate } from './calls/apply-call-update.ts';
export { NewExtension } from './extensions/create-extension.ts';
export { extensions } from './extensions/extension.repository.ts';
export { Extension, ExtensionType } from './extensions/extension.ts';
export { ExtensionUpdate } from './extensions/update-extension.ts';
