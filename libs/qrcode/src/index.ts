export { createQrDrawer, type QrDrawer } from './create-qr-drawer.ts';
