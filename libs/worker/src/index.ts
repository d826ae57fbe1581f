export { runWorker, type RunningWorker, type WorkerContext, type WorkerOptions } from './run-worker.ts';
