import type { BuildOptions, OutputFile } from 'esbuild';

export const PROGRAM_OPTIONS: BuildOptions & { write: false };
export function entryPointsOf(project: string): string[];
export function packageModules(programs: string[]): Promise<Map<string, string>>;
export function bundlePackages(modules: Map<string, string>, outdir: string): Promise<OutputFile[]>;
