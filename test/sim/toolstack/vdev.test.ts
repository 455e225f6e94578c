/** Numbers of virtual disks, as docs/man/xen-vbd-interface.7.pandoc gives them. */
import {describe, expect, it} from 'vitest';
import {vdevNumber} from '../../../source/sim/toolstack/vdev.js';

describe('a vdev', () => {
	it.each([
		['xvda', 51712],
		['xvda1', 51713],
		['xvda15', 51727],
		['xvdb', 51728],
		['xvdp', (202 << 8) | (15 << 4)],
		['xvda16', (1 << 28) | 16],
		['xvdq', (1 << 28) | (16 << 8)],
		['xvdq1', (1 << 28) | (16 << 8) | 1],
		['xvdz', (1 << 28) | (25 << 8)],
		['xvdaa', (1 << 28) | (26 << 8)],
		['xvdba', (1 << 28) | (52 << 8)],
		['d0', 51712],
		['d0p1', 51713],
		['d536p37', (1 << 28) | (536 << 8) | 37],
		['hda', 768],
		['hda5', 773],
		['hdb', 832],
		['hdc', 22 << 8],
		['hdd63', (22 << 8) | 64 | 63],
		['sda', 2048],
		['sdb3', 2067],
		['51712', 51712],
		['hde', -1],
		['sdq', -1],
		['sda16', -1],
		['xvda256', -1],
		['xvda01', -1],
		['xvd', -1],
		['xvdA', -1],
		['vda', -1],
		['', -1],
	])('%s is number %i', (name, number) => {
		expect(vdevNumber(name)).toBe(number);
	});
});
