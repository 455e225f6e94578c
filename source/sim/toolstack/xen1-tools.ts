/**
Domain zero's tools under Xen 1.0: what xl does today was asked of Xen by hypercalls of domain zero's alone (dom0_op for domains, block_io_op for
disks, network_op for interfaces). There is no store: a domain finds what it was given in its start_info and by probing. Domains are created one
after the other. What has no counterpart is refused by name.
*/
import type {Step} from '../../engine/step.js';
import type {CallingKernel} from '../kernel/kernel.js';
import {errorName} from '../xen/errno.js';
import {domctlCosts, toolstackCosts} from './toolstack-costs.js';
import {type XlCommand, xlText} from './xl.js';

/** What the tools ask of Xen. Results are 0 (a domain's number) or a negative errno. */
export interface Xen1Control {
	/** dom0_op: a domain made and its kernel loaded; it does not run yet. */
	createDomain(name: string): number;
	/** block_io_op and network_op: it gets its disks and interfaces. */
	giveDevices(domid: number): void;
	pause(domid: number): number;
	unpause(domid: number): number;
	/** A domain's number by its name or number; undefined when there is none. */
	find(domain: string): number | undefined;
}

interface Creation {
	readonly name: string;
	readonly devices: number;
	readonly done: (error: string) => void;
	domid: number;
}

interface Command {
	readonly xl: XlCommand;
	readonly done: () => void;
}

export class Xen1Tools {
	readonly #creations: Creation[] = [];
	readonly #commands: Command[] = [];
	readonly #create: Step;
	readonly #make: Step;
	readonly #give: Step;
	readonly #run: Step;
	readonly #command: Step;
	readonly #operation: Step;
	readonly #perDevice: number;

	/** @param kernel domain zero's. */
	constructor(
		private readonly kernel: CallingKernel,
		private readonly control: Xen1Control,
	) {
		this.#create = kernel.define('tools create', toolstackCosts.start, () => {
			kernel.log('info', `create ${this.#creations[0].name}`);
			kernel.step(this.#make);
		});
		this.#make = kernel.hypercall('dom0_op create', domctlCosts.create, () => this.#made());
		this.#give = kernel.hypercall('block_io_op, network_op', domctlCosts.simple, () => {
			control.giveDevices(this.#creations[0].domid);
			kernel.step(this.#run);
		});
		this.#perDevice = kernel.define('tools per device', domctlCosts.simple, () => {}).cost;
		this.#run = kernel.hypercall('dom0_op start', domctlCosts.simple, () => {
			const result = control.unpause(this.#creations[0].domid);
			this.#created(result < 0 ? `dom0_op start: ${errorName(result)}` : '');
		});
		this.#command = kernel.define('tools', toolstackCosts.start, (index) => this.#begin(index));
		this.#operation = kernel.hypercall('dom0_op', domctlCosts.simple, (index) => this.#carryOut(this.#commands[index]));
	}

	/** `done('')` once the domain runs; its kernel boots in its own time. @param devices how many disks and interfaces it gets. */
	create(name: string, devices: number, done: (error: string) => void): void {
		if (this.#creations.push({name, devices, done, domid: -1}) === 1) this.kernel.task(this.#create);
	}

	/** An xl command in the words of today. Inside a step of domain zero's. */
	xl(xl: XlCommand, done: () => void): void {
		this.kernel.log('info', `xl ${xlText(xl)}`);
		this.kernel.step(this.#command, this.#commands.push({xl, done}) - 1);
	}

	#made(): void {
		const [creation] = this.#creations;
		creation.domid = this.control.createDomain(creation.name);
		if (creation.domid < 0) this.#created(`dom0_op create: ${errorName(creation.domid)}`);
		else this.kernel.step(this.#give, 0, creation.devices * this.#perDevice);
	}

	#created(error: string): void {
		const [{name, done}] = this.#creations;
		this.#creations.shift();
		if (error !== '') this.kernel.log('error', `create ${name}: ${error}`);
		done(error);
		if (this.#creations.length > 0) this.kernel.task(this.#create);
	}

	#begin(index: number): void {
		const {xl, done} = this.#commands[index];
		if (xl.command === 'pause' || xl.command === 'unpause') {
			this.kernel.step(this.#operation, index);
			return;
		}

		const why = xl.command === 'sched-credit' ? 'Xen 1.0 has no such operation' : 'not built for Xen 1.0';
		this.kernel.log('error', `xl ${xl.command}: ${why}`);
		done();
	}

	#carryOut({xl, done}: Command): void {
		const {control, kernel} = this;
		const domid = control.find(xl.domain);
		if (domid === undefined) {
			kernel.log('error', `${xl.domain} is an invalid domain identifier`);
		} else {
			const result = xl.command === 'pause' ? control.pause(domid) : control.unpause(domid);
			const operation = xl.command === 'pause' ? 'stop' : 'start';
			if (result < 0) kernel.log('error', `dom0_op ${operation}: domain ${domid}: ${errorName(result)}`);
		}

		done();
	}
}
