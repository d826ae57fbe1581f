import { fileURLToPath } from 'node:url';
import { runStack } from './run-stack.ts';

// This program is bundled to <distDir>/libs/devstack/main.js.
await runStack({ env: process.env, distDir: fileURLToPath(new URL('../..', import.meta.url)) });
process.exit();
