export type { HostReading } from './host-reading.ts';
export { hostSamples } from './host-sample.repository.ts';
export { startHostSampler, type HostSampler, type HostSamplerOptions } from './start-host-sampler.ts';
export { sampleHost } from './sample-host.ts';
