/** What a person aims at by its name is found among the scenario's channels: a disk's and a network's alike. */
import {describe, expect, test} from 'vitest';
import {verbOf} from '../../source/session/operator-lines.js';
import {parseScenario} from '../../source/sim/scenario/parse.js';

const scenario = parseScenario(
	`name: t
host:
  devices:
    nvme0: { model: nvme, pci: "00:04.0", medium: ssd, partitions: { p1: 64MiB } }
    eth0: { model: 82540EM, pci: "00:05.0" }
lan: { hosts: { client: { ip: 10.0.0.9 } } }
domains:
  web:
    disk: [{ vdev: xvda, target: nvme0p1, access: rw }]
    vif: [{ ip: 10.0.0.1 }]
    jobs:
      http: { serve: tcp, peer: client }
`,
	't.yaml',
);

describe('a line of the keyboard', () => {
	test.each(['xvda', 'vif0'])('kicks web.%s, and loses its notifications', (vdev) => {
		const target = `web.${vdev}`;
		expect(verbOf({verb: 'kick', target}, scenario, 'a')).toEqual({verb: 'kick', target: {domain: 'web', vdev}});
		const fault = {verb: 'fault', fault: 'evt.lost', target, parameters: {direction: 'to-frontend', times: 3}} as const;
		expect(verbOf(fault, scenario, 'a')).toMatchObject({
			fault: {fault: 'evt.lost', id: 'a', target: {domain: 'web', vdev}, direction: 'to-frontend', times: 3},
		});
	});

	test('about a channel that is not there is refused with its name', () => {
		expect(() => verbOf({verb: 'kick', target: 'web.vif1'}, scenario, 'a')).toThrow("there is no channel 'web.vif1'");
	});
});
