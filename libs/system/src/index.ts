export type { HostReading } from './host-reading.ts';
export { hostSamples } from './host-sample.repository.ts';
export { openHostSampler, type HostSampler, type HostSamplerOptions } from './open-host-sampler.ts';
export { sampleHost } from './sample-host.ts';
