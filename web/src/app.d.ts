declare global {
	namespace App {
		interface PageState {
			/** Set where a dialog is open that the back button closes. */
			dialog?: string;
		}
	}
}

export {};
