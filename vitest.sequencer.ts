import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Folders whose tests start the whole system and mostly wait for it. */
const WAITING_FOLDERS = ['/tests/', '/libs/devstack/src/'];
/** By then the last of them has started: what remains fills the cores until the end. */
const SPREAD_SHARE = 0.6;

/**
 * Spreads the test files that mostly wait among those that mostly compute, so that both cores are busy for
 * the whole run: side by side the former leave the cores idle, and at the end the longest runs alone.
 */
export class SpreadingSequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const waiting = sorted.filter(mostlyWaits);
    const computing = sorted.filter((file) => !mostlyWaits(file));
    const step = Math.max(1, Math.floor((computing.length * SPREAD_SHARE) / (waiting.length + 1)));
    return [
      ...waiting.flatMap((file, index) => [file, ...computing.slice(index * step, (index + 1) * step)]),
      ...computing.slice(waiting.length * step),
    ];
  }
}

function mostlyWaits({ moduleId }: TestSpecification): boolean {
  return WAITING_FOLDERS.some((folder) => moduleId.includes(folder));
}
