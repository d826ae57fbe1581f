import type { BuildOptions } from 'esbuild';

export function entryPointsOf(project: string): string[];
export const BUNDLE_OPTIONS: BuildOptions;
