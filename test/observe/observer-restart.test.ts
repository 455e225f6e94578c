/** What a person sees while a driver domain dies and another takes its place: looked at all the while, with its rings open. */
import {expect, test} from 'vitest';
import {Observer} from '../../source/observe/observer.js';
import {Host} from '../../source/sim/host.js';
import {parseScenario} from '../../source/sim/scenario/parse.js';

const millisecond = 1_000_000;
const text = `
name: restart
runtime: 3s
host:
  cpus: 2
  memory: 512MiB
  devices:
    nvme0: { model: nvme, pci: "00:04.0", partitions: { p1: 64MiB } }
    eth0: { model: 82540EM, pci: "00:05.0" }
lan: { hosts: { client: { ip: 10.0.0.9 } } }
domains:
  Domain-0: { memory: 128MiB }
  web:
    memory: 64MiB
    disk: [{ vdev: xvda, target: nvme0p1 }]
    vif: [{ ip: 10.0.0.1 }]
    jobs:
      pages: { on: xvda, rw: randrw, bs: 4k, iodepth: 8, rate_iops: 1000 }
      echo: { ping: client, interval: 5ms, count: 100000 }
timeline:
  - { at: 400ms, fault: drv.crash, target: nvme0, id: disk }
  - { at: 400ms, fault: drv.crash, target: eth0, id: nic }
`;

function looked(ring: string) {
	const host = new Host(parseScenario(text, 't.yaml', {arch: 'driver-domains'}));
	const observer = new Observer(host);
	observer.watch(ring, 0);
	const seen: {rate: number; counts: number[]; states: string[]}[] = [];
	for (let at = 380; at <= 1200; at += 4) {
		host.advance(at * millisecond, Number.POSITIVE_INFINITY);
		observer.sample();
		observer.refresh();
		const {channels, domains} = observer.snapshot();
		const shown = channels.find(({id}) => id === ring);
		const {boot} = host;
		const channel = [...boot.channels, ...boot.network.vifs].find(({id}) => id === ring);
		seen.push({
			rate: shown?.frontSent ?? -1,
			counts: Object.values(channel?.counts ?? {}),
			states: domains.map(({state}) => state),
		});
	}

	return seen;
}

test.each(['web.xvda', 'web.vif0'])('%s is shown through all of it, and its counters never run backwards', (ring) => {
	const seen = looked(ring);
	expect(seen.every(({rate}) => rate >= 0)).toBe(true);
	const falls = seen.flatMap(({counts}, i) =>
		counts.filter((count, field) => count < (seen[i - 1]?.counts[field] ?? 0)),
	);
	expect(falls).toEqual([]);
	// The domain is seen to have crashed, and later to be there again, and the channel in use.
	expect(seen.some(({states}) => states.some((state) => state.includes('c')))).toBe(true);
	const last = seen[seen.length - 1];
	expect(last.states.some((state) => /[cd]/.test(state))).toBe(false);
	expect(last.rate).toBeGreaterThan(0);
});
