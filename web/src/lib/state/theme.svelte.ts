import type { Theme } from '$lib/api/types';

const storage_key = 'synops.theme'; // read before the first paint in app.html

function stored(): Theme {
	try {
		const value = localStorage.getItem(storage_key);
		return value === 'light' || value === 'dark' ? value : 'system';
	} catch {
		return 'system';
	}
}

class ThemeChoice {
	value = $state<Theme>(stored());
	/** What is shown now; charts paint themselves anew when it changes. */
	dark = $state(false);

	start(): () => void {
		const system = matchMedia('(prefers-color-scheme: dark)');
		const apply = () => this.apply(system.matches);
		apply();
		system.addEventListener('change', apply);
		return () => system.removeEventListener('change', apply);
	}

	set(value: Theme): void {
		this.value = value;
		try {
			if (value === 'system') localStorage.removeItem(storage_key);
			else localStorage.setItem(storage_key, value);
		} catch {
			// Storage may be blocked: the choice lasts as long as the page.
		}
		this.apply(matchMedia('(prefers-color-scheme: dark)').matches);
	}

	private apply(systemIsDark: boolean): void {
		this.dark = this.value === 'dark' || (this.value === 'system' && systemIsDark);
		document.documentElement.classList.toggle('dark', this.dark);
	}
}

export const theme = new ThemeChoice();
