// GET /cdrs/export of a million CDRs, beside COPY TO STDOUT of the same columns. Takes some minutes.
import { setTimeout as sleep } from 'node:timers/promises';
import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import type pg from 'pg';
import { loadCdrs } from './load-cdrs.ts';
import { startBenchStack } from './stack.ts';
