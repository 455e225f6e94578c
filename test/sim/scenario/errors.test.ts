/** Every mistake a scenario file can hold, one a row, with the exact message it gets. */
import {describe, expect, it} from 'vitest';
import {base, problemsOf} from './base.js';

const replace = (from: string, to: string): string => {
	expect(base).toContain(from);
	return base.replace(from, to);
};

describe('a bad scenario is refused with file, line, column and what to do', () => {
	it('the small scenario itself is good', () => {
		expect(problemsOf(base)).toEqual([]);
	});

	const job = 'rw: randread, iodepth: 4';
	const disk = '{ vdev: xvda, target: nvme0p1 }';
	const partitions = '{ p1: 1GiB, p2: 1GiB }';
	const rows: readonly (readonly [string, string, string, string])[] = [
		// keys
		['a slip in a key', 'iodepth: 4', 'iodeph: 4', "10:30: unknown key 'iodeph', did you mean 'iodepth'?"],
		[
			'a key from nowhere',
			'cpus: 1',
			'colour: red',
			"3:3: unknown key 'colour'; here belong cpus, memory, scheduler, devices, bridges",
		],
		['a key twice', 'cpus: 1', 'cpus: 1\n  cpus: 2', "4:3: key 'cpus' is given twice, first in line 3; remove one"],
		['a key without value', 'cpus: 1', 'cpus:', "3:3: 'cpus' has no value; give it one or remove the line"],
		['a missing key', 'model: nvme, ', '', "5:5: 'model' is missing"],
		['a list as a key', 'cpus: 1', '? [a]\n  : 1', '3:5: a key must be a single word'],
		['a prototype', 'cpus: 1', '__proto__: 1', "3:3: '__proto__' cannot be a key"],
		['an invisible name', 'web:', 'ㅤ:', '7:3: the name of a domain has the invisible character U+3164; remove it'],
		[
			'a half invisible name',
			'web:',
			'weﾠb:',
			'7:3: the name of a domain has the invisible character U+FFA0; remove it',
		],
		['a number as a name', 'web:', '2:', '7:3: digits alone cannot name a domain; add a letter, such as n1'],
		['a job named by a number', 'pages:', '0:', '10:7: digits alone cannot name a job; add a letter, such as n1'],
		[
			'more written than memory shall hold',
			`${partitions} }\ndomains:\n  web:\n    disk: [${disk}]\n    jobs:\n      pages: { ${job} }`,
			`{ p1: 8GiB } }\ndomains:\n  web:\n    disk: [${disk}]\n    jobs:\n      pages: { rw: randwrite }`,
			'10:7: with pages the jobs may write 8G, and at most 4G are kept in memory; give it a size, such as size: 256M',
		],
		[
			'more written than memory shall hold, with a size',
			`${partitions} }\ndomains:\n  web:\n    disk: [${disk}]\n    jobs:\n      pages: { ${job} }`,
			`{ p1: 8GiB } }\ndomains:\n  web:\n    disk: [${disk}]\n    jobs:\n      pages: { rw: write, size: 3G }\n      log: { rw: write, offset: 2G, size: 3G }`,
			'11:43: with log the jobs may write 5G, and at most 4G are kept in memory; make its size smaller',
		],
		['an unknown architecture', 'name: t', 'name: t\narch: xen3', "2:7: unknown word 'xen3', did you mean 'xen1'?"],
		// kinds
		[
			'a list for a map',
			'nvme0: { model: nvme, pci: "00:04.0", partitions: { p1: 1GiB, p2: 1GiB } }',
			'nvme0: []',
			"5:5: 'nvme0' must be a map, not a list",
		],
		['text for a list', `disk: [${disk}]`, 'disk: xvda', "8:11: 'disk' must be a list, not text"],
		[
			'a number for a name',
			'name: t',
			'name: 2024',
			'1:7: expected the name of a scenario, got a number; write it in quotes',
		],
		['text for a number', 'cpus: 1', 'cpus: two', "3:9: expected a whole number, got 'two'"],
		['a fraction', 'cpus: 1', 'cpus: 1.5', "3:9: expected a whole number, got '1.5'"],
		['too many CPUs', 'cpus: 1', 'cpus: 17', '3:9: 17 is out of range; it goes from 1 to 16'],
		['a depth out of range', 'iodepth: 4', 'iodepth: 1025', '10:39: 1025 is out of range; it goes from 1 to 1024'],
		['a weight out of range', 'jobs:', 'cpu_weight: 0\n    jobs:', '9:17: 0 is out of range; it goes from 1 to 65535'],
		['a huge number', 'name: t', 'name: t\nseed: 99999999999999999999', '2:7: the number is too large'],
		['an endless number', 'name: t', 'name: t\nseed: .inf', '2:7: the number is too large'],
		['a spaced name', 'web:', '"w eb":', "7:3: 'w eb' cannot name a domain; use letters, digits, - and _"],
		[
			'a name with its own meaning',
			'web:',
			'oracle:',
			"7:3: 'oracle' cannot name a domain; the word has its own meaning in expectations",
		],
		['another domain zero', 'web:', 'dom0:', "7:3: domain zero is called Domain-0, not 'dom0'"],
		// units
		[
			'a unit that is none',
			'cpus: 1',
			'memory: 4Q',
			"3:11: '4Q' is not a size; write a number and k, M, G or T (1024 based), such as 4k or 2GiB",
		],
		['no unit', 'cpus: 1', 'memory: 4', '3:11: size 4 has no unit; write 4MiB or 4GiB'],
		[
			'a time that is none',
			'name: t',
			'name: t\nruntime: 5 weeks',
			"2:10: '5 weeks' is not a time; write a number and ns, us, ms, s, m, h or d, such as 500ms",
		],
		['a time without unit', 'name: t', 'name: t\nruntime: 60', '2:10: time 60 has no unit; write 60s or 60ms'],
		[
			'half a nanosecond',
			'name: t',
			'name: t\nruntime: 1.5ns',
			"2:10: time '1.5ns' is not a whole number of nanoseconds",
		],
		['no time at all', 'name: t', 'name: t\nruntime: 0', '2:10: runtime must be at least 1ms'],
		[
			'a negative time',
			'name: t',
			'name: t\nruntime: -5s',
			"2:10: '-5s' lies before the beginning; times are 0 or more",
		],
		[
			'a rate that is none',
			partitions,
			`${partitions}, channel_rate: 333`,
			"5:93: expected a rate such as 333MB/s, got '333'",
		],
		// jobs
		[
			'an rw of no kind',
			'randread',
			'rread',
			"10:20: 'rread' is not an rw; it is read, write, randread, randwrite, rw, randrw",
		],
		['half sectors', job, `${job}, bs: 1000`, '10:46: a disk moves whole sectors: write a multiple of 512'],
		[
			'a block larger than a mebibyte',
			job,
			`${job}, bs: 2m`,
			"10:46: '2m' is out of range; a block has 512 bytes to 1m",
		],
		['a job beyond its disk', job, `${job}, offset: 512M, size: 600M`, '10:62: the job ends at 1112M, xvda at 1G'],
		['an offset beyond the disk', job, `${job}, offset: 1G`, '10:50: the job ends at 1048580k, xvda at 1G'],
		['no room for a block', job, `${job}, size: 512`, '10:48: there is no room for one block of 4k'],
		[
			'a job on a disk that is not there',
			job,
			`${job}, on: xvdb`,
			"10:46: web has no disk 'xvdb', did you mean 'xvda'?",
		],
		['a job without any disk', `disk: [${disk}]`, 'vcpus: 1', '10:7: web has no disk for this job; add a disk: list'],
		['a write to a read-only disk', disk, '{ vdev: xvda, target: nvme0p1, access: ro }', ''],
		['verify of reads', job, `${job}, verify: crc32c`, "10:50: 'verify' is about writes; this job only reads"],
		['an unknown verify', job, `${job}, verify: crc32d`, "10:50: unknown word 'crc32d', did you mean 'crc32c'?"],
		[
			'poisson without a rate',
			job,
			`${job}, rate_process: poisson`,
			"10:56: 'rate_process' has no effect without rate_iops",
		],
		['a CPU word in a disk job', job, `${job}, cpuload: 50`, "10:42: 'cpuload' needs ioengine: cpuio"],
		[
			'a disk word in a CPU job',
			job,
			'ioengine: cpuio, cpuload: 50, bs: 4k',
			"10:46: 'bs' is about disks; ioengine: cpuio burns CPU only",
		],
		['a CPU job without load', job, 'ioengine: cpuio', '10:26: cpuio needs a cpuload in percent, such as cpuload: 100'],
		[
			'more in flight than memory holds',
			'jobs:',
			'memory: 64\n    jobs:\n      big: { rw: read, bs: 44k, iodepth: 1024 }',
			"9:13: web's jobs keep 45072k in flight; memory must be at least twice that",
		],
		// topology
		[
			'a target that is not there',
			'nvme0p1 }',
			'nvme0p7 }',
			"8:34: there is no disk or partition 'nvme0p7', did you mean 'nvme0p1'?",
		],
		[
			'a whole disk that has partitions',
			'nvme0p1 }',
			'nvme0 }',
			'8:34: nvme0 has partitions; name one of them: nvme0p1, nvme0p2',
		],
		[
			'a vdev twice',
			disk,
			`${disk}, { vdev: xvda, target: nvme0p2 }`,
			'8:53: web has xvda already; give each disk its own vdev',
		],
		['a vdev of no kind', 'xvda', 'sda', "8:20: 'sda' is not a vdev; they are xvda to xvdp"],
		[
			'one partition twice',
			disk,
			`${disk}, { vdev: xvdb, target: nvme0p1 }`,
			"8:67: nvme0p1 is web's xvda already; give each its own partition, or both access: ro",
		],
		[
			'overlapping partitions',
			partitions,
			'{ p1: 1GiB, p2: { start: 512MiB, size: 1GiB } }',
			'5:67: partition p2 overlaps p1; leave start out and it follows the one before',
		],
		[
			'a partition beyond the disk',
			partitions,
			`${partitions}, capacity: 2GiB`,
			'5:71: partition p2 ends beyond the disk; capacity is 2G',
		],
		['a partition of no kind', partitions, '{ one: 1GiB }', "5:57: 'one' cannot name a partition; they are p1, p2, …"],
		[
			'a PCI address that YAML read as a time',
			'"00:04.0"',
			'4',
			'5:32: expected a PCI address such as "00:04.0", got a number; write it in quotes',
		],
		[
			'a PCI address of no kind',
			'"00:04.0"',
			'"00:4"',
			`5:32: '00:4' is not a PCI address; write bus:device.function such as "00:04.0"`,
		],
		[
			'one PCI address twice',
			'domains:',
			'    nvme1: { model: nvme, pci: "00:04.0" }\ndomains:',
			"6:32: 00:04.0 is nvme0's address already; give each device its own",
		],
		[
			'the timing of another medium',
			'model: nvme',
			'model: nvme, rpm: 7200',
			"5:27: 'rpm' is about an hdd, and nvme0 is an ssd",
		],
		['more memory than the host has', 'cpus: 1', 'memory: 1GiB', ''],
		[
			'a cap beyond the vCPUs',
			'jobs:',
			'cap: 150\n    jobs:',
			'9:10: cap 150 is more than 1 vCPU can use; it is in percent of one CPU',
		],
		[
			'maxmem below memory',
			'jobs:',
			'memory: 512\n    maxmem: 256\n    jobs:',
			'10:13: maxmem 256M is less than memory 512M',
		],
		[
			'a virtual disk of domain zero',
			'domains:',
			`domains:\n  Domain-0: { disk: [{ vdev: xvda, target: nvme0p2 }] }`,
			'7:15: Domain-0 has no virtual disks; its jobs name partitions, such as on: nvme0p3',
		],
		[
			'a job of domain zero on a guest disk',
			'domains:',
			'domains:\n  Domain-0: { jobs: { a: { on: nvme0p1 } } }',
			"7:32: nvme0p1 is web's xvda already; give Domain-0 a partition of its own",
		],
		[
			'a job of domain zero nowhere',
			'domains:',
			'domains:\n  Domain-0: { jobs: { a: { rw: read } } }',
			'7:23: say which partition: on: nvme0p1',
		],
	];
	for (const [what, from, to, message] of rows) {
		if (message !== '') {
			it(what, () => {
				expect(problemsOf(replace(from, to))).toEqual([`t.yaml:${message}`]);
			});
		}
	}

	it('a write to a read-only disk', () => {
		const text = replace(disk, '{ vdev: xvda, target: nvme0p1, access: ro }').replace('randread', 'randwrite');
		expect(problemsOf(text)).toEqual(['t.yaml:10:20: xvda is read-only (access: ro); this job writes']);
	});

	it('more memory than the host has', () => {
		expect(problemsOf(replace('cpus: 1', 'memory: 1GiB').replace('jobs:', 'memory: 256\n    jobs:'))).toEqual([
			"t.yaml:6:1: the domains need 1057280k with Domain-0 (Xen's own included), the host has 1G; give the host more memory or the domains less",
		]);
	});

	it('all problems at once, in the order of the file', () => {
		const text = base
			.replace('cpus: 1', 'cpus: 99')
			.replace('name: t', 'nam: t')
			.replace(job, 'rw: randread, iodeph: 4, bs: 4q');
		expect(problemsOf(text)).toEqual([
			"t.yaml:1:1: 'name' is missing",
			"t.yaml:1:1: unknown key 'nam', did you mean 'name'?",
			't.yaml:3:9: 99 is out of range; it goes from 1 to 16',
			"t.yaml:10:30: unknown key 'iodeph', did you mean 'iodepth'?",
			"t.yaml:10:45: '4q' is not a size; write a number and k, M, G or T (1024 based), such as 4k or 2GiB",
		]);
	});

	it('a cost nobody pays, when the costs are known', async () => {
		const {parseScenario} = await import('../../../source/sim/scenario/parse.js');
		const parse = () =>
			parseScenario(`${base}costs: { blkback.validte: 1us }\n`, 't.yaml', {costNames: ['blkback.validate']});
		expect(parse).toThrow("t.yaml:11:10: unknown cost 'blkback.validte', did you mean 'blkback.validate'?");
	});
});

describe('timeline lines', () => {
	const rows: readonly (readonly [string, string])[] = [
		['{ at: 1s }', '5: a line has one verb (say, fault, clear, kick, speed or xl), this one has none'],
		['{ say: x }', '5: a line has one trigger (at, every, when, nth or probability), this one has none'],
		[
			'{ at: 1s, when: web.cpu > 1%, say: x }',
			'21: a line has one trigger (at, every, when, nth or probability), this one has at and when',
		],
		[
			'{ at: 1s, say: x, kick: web.xvda }',
			'29: a line has one verb (say, fault, clear, kick, speed or xl), this one has say and kick',
		],
		['{ at: 1s, sya: x }', "15: unknown key 'sya', did you mean 'say'?"],
		['{ at: 2, say: x }', '11: time 2 has no unit; write 2s or 2ms'],
		['{ at: 100s, say: x }', '11: 100s is after the end; runtime is 60s'],
		['{ at: 1s, fault: evt.lots, target: web.xvda }', "22: unknown fault 'evt.lots', did you mean 'evt.lost'?"],
		[
			'{ at: 1s, fault: hw.disk.gone, target: nvme0 }',
			"22: fault 'hw.disk.gone' is not built yet; there is evt.lost, drv.crash, guest.crash, dom0.crash, hw.dma.stray, guest.grab",
		],
		['{ at: 1s, fault: guest.crash, target: Domain-0 }', "43: unknown domain 'Domain-0'; there is web, diskdd"],
		['{ at: 1s, fault: guest.crash }', '22: guest.crash needs a target, a domain such as web'],
		['{ nth: 1, fault: dom0.crash }', '12: dom0.crash acts at once; write at, every or when'],
		['{ at: 1s, fault: evt.lost }', '22: evt.lost needs a target, a channel such as web.xvda'],
		['{ at: 1s, fault: drv.crash }', '22: drv.crash needs a target, a device such as nvme0'],
		['{ at: 1s, fault: drv.crash, target: nvme1 }', "41: unknown device 'nvme1', did you mean 'nvme0'?"],
		[
			'{ at: 1s, fault: drv.crash, target: nvme0, times: 2 }',
			"55: 'times' belongs to evt.lost and hw.dma.stray, not to drv.crash",
		],
		['{ nth: 3, fault: drv.crash, target: nvme0 }', '12: drv.crash acts at once; write at, every or when'],
		['{ at: 1s, fault: hw.dma.stray, target: nvme0, into: wbe }', "57: unknown domain 'wbe', did you mean 'web'?"],
		[
			'{ at: 1s, fault: hw.dma.stray, target: nvme0, direction: both }',
			"62: 'direction' belongs to evt.lost, not to hw.dma.stray",
		],
		['{ at: 1s, fault: guest.grab, target: web, device: eth0 }', "55: unknown device 'eth0'; there is nvme0"],
		['{ at: 1s, fault: evt.lost, target: web.xvdb }', "40: unknown channel 'web.xvdb', did you mean 'web.xvda'?"],
		[
			'{ at: 1s, fault: evt.lost, target: web.xvda, add: 5ms }',
			"50: 'add' is not built yet: faults of devices come later; now there is evt.lost",
		],
		[
			'{ at: 1s, fault: evt.lost, target: web.xvda, direction: up }',
			"61: unknown word 'up'; it is to-backend, to-frontend or both",
		],
		['{ at: 1s, clear: foo }', "22: unknown fault 'foo'; there is none"],
		['{ at: 1s, kick: wbe.xvda }', "21: unknown channel 'wbe.xvda', did you mean 'web.xvda'?"],
		[
			'{ at: 1s, speed: fast }',
			"22: 'fast' is not a speed; write max, 1x, 10x, 0.1x … or simulated time per second such as 1ms/s",
		],
		['{ at: 1s, xl: pase web }', "19: unknown xl command 'pase', did you mean 'pause'?"],
		['{ at: 1s, xl: pause wbe }', "19: there is no domain 'wbe', did you mean 'web'?"],
		['{ at: 1s, xl: pause Domain-0 }', '19: xl pause Domain-0: domain zero runs xl itself'],
		[
			'{ at: 1s, xl: save web }',
			'19: xl save is not built yet; there is create, pause, unpause, shutdown, reboot, destroy, block-attach, block-detach, network-attach, network-detach, sched-credit',
		],
		['{ at: 1s, xl: destroy }', '19: xl destroy takes one domain, such as: destroy web'],
		['{ at: 1s, xl: destroy Domain-0 }', '19: xl destroy Domain-0: domain zero runs xl itself'],
		[
			'{ at: 1s, xl: block-attach web xvda }',
			'19: xl block-attach takes a domain and one of its disks, such as: block-attach web vdev=xvda',
		],
		[
			'{ at: 1s, xl: network-detach web eth0 }',
			'19: xl network-detach takes a domain and one of its interfaces by number or MAC, such as: network-detach web 0',
		],
		[
			'{ at: 1s, xl: sched-credit -d web -w 0 }',
			"19: xl sched-credit: weight '0' is out of range; it goes from 1 to 65535",
		],
		[
			'{ at: 1s, xl: sched-credit -d web }',
			'19: xl sched-credit changes nothing here; write sched-credit -d DOMAIN -w WEIGHT -c CAP',
		],
		['{ every: 9ms, xl: pause web }', "14: 'every' must be at least 10ms with xl"],
		['{ every: 9ms, fault: evt.lost, target: web.xvda }', "14: 'every' must be at least 10ms with fault"],
		['{ every: 999us, kick: web.xvda }', "14: 'every' must be at least 1ms with kick"],
		['{ every: 10ns, say: x }', "14: 'every' must be at least 1us"],
		['{ every: 1s, from: 5s, until: 4s, say: x }', "35: 'until' lies before 'from'; this would never happen"],
		['{ at: 1s, from: 1s, say: x }', "21: 'from' goes with every, when, nth or probability, not with at"],
		['{ at: 1s, say: x, times: 3 }', "30: 'times' belongs to a fault, and this line's verb is say"],
		['{ nth: 3, say: x }', "12: 'nth' counts what passes a fault point; it goes with a fault, not with say"],
		['{ probability: 2, fault: evt.lost, target: web.xvda }', "20: '2' is not a probability; write such as 1% or 0.01"],
		['{ every: 1s, event: 4, say: x }', "25: 'event' stamps an operator's line, which has an 'at'"],
		['{ when: web.xvda.outstandin == 4, say: x }', "13: unknown metric 'outstandin', did you mean 'outstanding'?"],
		['hello', '5: each entry must be a map, not text'],
	];
	for (const [line, message] of rows) {
		it(line, () => {
			expect(problemsOf(`${base}timeline:\n  - ${line}\n`)).toEqual([`t.yaml:12:${message}`]);
		});
	}

	it('two faults with one id', () => {
		const line = '  - { at: 1s, fault: evt.lost, target: web.xvda, id: a }\n';
		expect(problemsOf(`${base}timeline:\n${line}${line}`)).toEqual([
			"t.yaml:13:54: there is a fault 'a' already; give each its own id",
		]);
	});
});

describe('expectations', () => {
	const rows: readonly (readonly [string, string])[] = [
		['web.xvda.read.p98 < 1ms', "5: unknown metric 'read.p98', did you mean 'read.p90'?"],
		['web.xvdb.read.p99 < 1ms', "5: unknown disk 'xvdb', did you mean 'xvda'?"],
		['wbe.cpu < 3%', "5: unknown domain 'wbe', did you mean 'web'?"],
		['oracle.violation == 0', "5: unknown metric 'oracle.violation', did you mean 'oracle.violations'?"],
		['fault.x.fired == 1', "5: unknown fault 'x'; give the fault line an id"],
		['web.cpu < 3', '5: web.cpu is a percentage; write 3%'],
		['web.xvda.read.p99 < 1', '5: time 1 has no unit; write 1s or 1ms'],
		['web.xvda.outstanding == many', "5: 'many' is not a count; write a number"],
		['web.xvda.read.rate > 5ms', "5: '5ms' is not a rate; write such as 2000/s"],
		['{ log: ["x"], at: 3s }', "23: a log expectation begins 'from' or 'after' and lasts 'within'"],
		['web.cpu = 3%', "5: '=' does not compare; write =="],
		['web.cpu == all', "5: 'all' counts domains; only domains.lost takes it"],
		['nonsense', "5: 'nonsense' is not a condition; write metric, one of == != <= >= < >, and a value"],
		['{ that: web.cpu > 1%, after: crash }', "34: unknown fault 'crash'; 'after' names the id of a fault line"],
		['{ that: web.cpu > 1%, from: 5s, to: 3s }', "41: 'to' must lie after 'from'"],
		['{ that: web.cpu > 1%, to: 90s }', '31: 90s is after the end; runtime is 60s'],
		['{ that: web.cpu > 1%, within: 2% }', "35: 'within' widens ==; '>' needs none"],
		[
			'{ that: web.cpu == 1%, within: 2 }',
			'36: expected a share such as 2% or a time, got a number; write it in quotes',
		],
		['{ that: web.cpu > 1%, under: [xen2, xen4] }', "27: unknown word 'xen4', did you mean 'xen1'?"],
		['{ that: web.cpu >= 95% of before crash }', "13: unknown fault 'crash'; give the fault line an id"],
		['{ from: 1s }', "5: an expectation has either 'that' or 'log'"],
		['7', '5: each entry must be a map, not a number'],
	];
	for (const [line, message] of rows) {
		it(line, () => {
			expect(problemsOf(`${base}expect:\n  - ${line}\n`)).toEqual([`t.yaml:12:${message}`]);
		});
	}
});
