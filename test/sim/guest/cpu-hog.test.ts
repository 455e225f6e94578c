/** A CPU hog: its share of the time, in chunks that leave others their turn, between its delay and its runtime. */
import {describe, expect, test} from 'vitest';
import {CpuHog} from '../../../source/sim/guest/cpu-hog.js';
import {FakeKernel} from '../../support/fake-kernel.js';

const millisecond = 1_000_000;
const options = {name: 'hog', cpuload: 100, cpuchunks: 50 * millisecond, startdelay: 0, runtime: 0};

describe('a CPU hog', () => {
	test('burns its share of the time', () => {
		for (const cpuload of [1, 30, 99, 100]) {
			const kernel = new FakeKernel();
			const hog = new CpuHog(kernel, {...options, cpuload});
			hog.start();
			kernel.run(1000 * millisecond);
			expect(kernel.busy / (10 * millisecond)).toBeCloseTo(cpuload, 0);
			expect(Math.abs(hog.burnt - kernel.busy)).toBeLessThanOrEqual(50_000);
			expect(hog.cycles).toBeGreaterThanOrEqual(19);
		}
	});

	test('lets other tasks of its kernel have their turn', () => {
		const kernel = new FakeKernel();
		new CpuHog(kernel, options).start();
		kernel.run(10 * millisecond);
		let ran = 0;
		kernel.inTask(() => {
			ran = kernel.now();
		});
		kernel.run(millisecond);
		expect(ran).toBeGreaterThan(0);
		expect(ran).toBeLessThanOrEqual(10 * millisecond + 100_000);
	});

	test('begins after startdelay and ends after runtime', () => {
		const kernel = new FakeKernel();
		const hog = new CpuHog(kernel, {...options, startdelay: 10 * millisecond, runtime: 20 * millisecond});
		hog.start();
		kernel.run(9 * millisecond);
		expect(kernel.busy).toBe(0);
		kernel.run(100 * millisecond);
		expect(hog.state).toBe('ended');
		expect(kernel.busy).toBeLessThanOrEqual(20 * millisecond + 50_000);
	});
});
