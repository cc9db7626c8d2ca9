// Scripts of the console's office pages.
export {};
