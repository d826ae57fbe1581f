export { openQrDrawer, type QrDrawer } from './open-qr-drawer.ts';
